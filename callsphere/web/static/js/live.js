/* Parts of a page that refresh themselves: say so when they no longer do, and how to get them back. */

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
  if (!event.detail.successful) return;
  lastAnswer = new Date();
  note.hidden = true;
});

document.addEventListener("htmx:sendError", () => {
  show(`No connection. What you see is from ${clock(lastAnswer)}; we keep trying.`);
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401 || status === 403) show("You have been signed out. Reload the page to sign in again.");
  else show(`This page could not be refreshed (answer ${status}). What you see is from ${clock(lastAnswer)}.`);
});
