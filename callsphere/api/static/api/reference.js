// Shows the OpenAPI document with Swagger UI, served from here. A key that is typed in stays in this tab.
const root = document.documentElement;
const place = document.getElementById("reference");
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

// Swagger UI is dark below one class; ours is dark by the attribute that the theme switch sets, or as the system is.
function followTheme() {
  const chosen = root.dataset.theme;
  root.classList.toggle("dark-mode", chosen ? chosen === "callsphere-dark" : systemIsDark.matches);
}

followTheme();
systemIsDark.addEventListener("change", followTheme);
new MutationObserver(followTheme).observe(root, { attributes: true, attributeFilter: ["data-theme"] });

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
