/* Copy buttons: [data-copy] holds the value, [data-copy-code] takes the code of its figure. */

const SHOWN_MS = 1600;

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  /* Plain http on another machine: the clipboard API is closed there, the old command is not. */
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser refused to copy");
}

function announce(text) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

async function copy(button) {
  const code = button.closest("figure")?.querySelector("code");
  const text = "copyCode" in button.dataset ? (code?.textContent ?? "") : button.dataset.copy;
  try {
    await write(text);
  } catch {
    announce("Copying is not allowed here. Select the text and copy it by hand.");
    return;
  }
  button.dataset.copied = "";
  announce("Copied");
  setTimeout(() => {
    delete button.dataset.copied;
    announce("");
  }, SHOWN_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-code]") : null;
  if (button) void copy(button);
});
