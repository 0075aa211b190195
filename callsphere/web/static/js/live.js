/* Parts of a page that refresh themselves: say so when they no longer do, and how to get them back. */

const SIGNED_OUT = "You have been signed out. Reload the page to sign in again.";
const note = document.getElementById("stale-note");
let lastAnswer = new Date();

function clock(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function show(text) {
  if (note.textContent !== text) note.textContent = text;
  note.hidden = false;
}

document.addEventListener("htmx:afterRequest", (event) => {
  const shown = note.textContent === SIGNED_OUT && !note.hidden;
  if (!event.detail.successful || shown) return;
  lastAnswer = new Date();
  note.hidden = true;
});

/* A session that ended answers with the sign-in page, which must not land inside a part of this one. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const path = new URL(event.detail.xhr.responseURL || location.href, location.href).pathname;
  if (!path.startsWith("/accounts/") || location.pathname.startsWith("/accounts/")) return;
  event.detail.shouldSwap = false;
  show(SIGNED_OUT);
});

document.addEventListener("htmx:sendError", () => {
  show(`No connection. What you see is from ${clock(lastAnswer)}; we keep trying.`);
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401 || status === 403) show(SIGNED_OUT);
  else show(`This page could not be refreshed (answer ${status}). What you see is from ${clock(lastAnswer)}.`);
});
