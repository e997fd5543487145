// Opens and closes dialogs; a destructive act stays locked until the object's name is typed exactly.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  const dismissed = event.target.closest("[data-dismiss]");
  if (dismissed) dismissed.closest(".toast")?.remove();
});

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-must-equal]");
  if (!field) return;
  const button = field.form.querySelector("[type=submit]");
  button.disabled = field.value.trim() !== field.dataset.mustEqual;
});

// One open menu at a time, and Escape closes it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open], details.more[open]").forEach((menu) => menu.removeAttribute("open"));
});
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open], details.more[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});
