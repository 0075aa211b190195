/* What every page has: the theme switch, menus that close, dialogs, messages to dismiss. Loaded as a module. */

const root = document.documentElement;
const THEMES = { light: "callsphere", dark: "callsphere-dark" };
const YEAR = 365 * 24 * 3600;

/* The choice lives in a cookie, so that the server sends the right theme with the first byte. */
function chooseTheme(choice) {
  if (THEMES[choice]) root.dataset.theme = THEMES[choice];
  else delete root.dataset.theme;
  const age = choice ? YEAR : 0;
  document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax`;
  showTheme();
}

function showTheme() {
  const chosen = Object.keys(THEMES).find((name) => THEMES[name] === root.dataset.theme) ?? "";
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === chosen));
  }
  for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

/* Browsers without invoker commands (command="show-modal") get the same behaviour from here. */
function runCommand(button) {
  if ("commandForElement" in HTMLButtonElement.prototype) return;
  const target = document.getElementById(button.getAttribute("commandfor"));
  if (!(target instanceof HTMLDialogElement)) return;
  if (button.getAttribute("command") === "show-modal") target.showModal();
  if (button.getAttribute("command") === "close") target.close();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  closeMenus(target.closest("details[data-menu]"));
  const theme = target.closest("[data-theme-value]");
  if (theme) chooseTheme(theme.dataset.themeValue);
  const command = target.closest("button[commandfor]");
  if (command) runCommand(command);
  if (target.closest("[data-dismiss]")) target.closest("[data-message]")?.remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details[data-menu][open]");
  if (!open) return;
  const inside = open.contains(document.activeElement);
  open.open = false;
  if (inside) open.querySelector("summary").focus();
});

document.addEventListener("focusin", (event) => {
  closeMenus(event.target instanceof Element ? event.target.closest("details[data-menu]") : null);
});

/* A new organisation keeps the time of whoever makes it. */
for (const input of document.querySelectorAll("[data-time-zone]")) {
  input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

showTheme();
for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;
