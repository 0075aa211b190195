/* Forms: show a password, warn before leaving with unsaved changes, send once, take the reader to the errors. */

const HTMX = "[hx-post], [hx-put], [hx-patch], [hx-delete]";
const dirty = new WeakSet();

function guarded() {
  return [...document.querySelectorAll("form[data-guard]")].some((form) => dirty.has(form));
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const show = input.type === "password";
  input.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
}

function offerReveal(scope) {
  for (const button of scope.querySelectorAll("[data-reveal]")) button.hidden = false;
}

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-guard]") : null;
  if (form) dirty.add(form);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  dirty.delete(form);
  if (form.matches(HTMX) || form.target || event.defaultPrevented) return;
  /* After the browser has collected the values, so that the pressed button's own value still goes along. */
  setTimeout(() => {
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
});

/* Coming back with the Back button shows the page as it was left: with its buttons disabled. */
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false;
});

window.addEventListener("beforeunload", (event) => {
  if (guarded()) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-reveal]") : null;
  if (button) reveal(button);
});

document.addEventListener("htmx:load", (event) => {
  offerReveal(event.target);
  event.target.querySelector?.("[data-focus]")?.focus();
});

offerReveal(document);
document.querySelector("[data-focus]")?.focus();
