// Questions in front of the page.

import { button, h } from "./dom.js";
import { ApiError } from "./api.js";

/** The element that had the focus, or what stands in its place after the view was drawn anew. */
function reminderOfFocus() {
  const had = document.activeElement;
  const mark = had?.dataset?.focus;
  return () => {
    const again = had?.isConnected ? had : [...document.querySelectorAll("[data-focus]")]
      .find((one) => mark && one.dataset.focus === mark);
    (again ?? document.getElementById("main")).focus();
  };
}

/** Shows a dialog; build(close) gives its contents. */
export function openDialog(title, build) {
  const giveBack = reminderOfFocus();
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
  const leave = () => {
    if (!dialog.isConnected) return;
    dialog.remove();
    giveBack();
  };
  // At once, and not with the event that follows: the next one has fields of the same ids.
  const close = () => {
    dialog.close();
    leave();
  };
  dialog.append(h("h2", { id: "dialog-title" }, title), ...[build(close)].flat());
  dialog.addEventListener("close", leave);
  document.body.append(dialog);
  dialog.showModal();
}

/** What is half a date, or no number, has no value: it is not to be taken for an empty field. */
const areFieldsValid = (dialog) =>
  [...dialog.querySelectorAll("input")].every((one) => one.reportValidity());

/** Buttons of a dialog. act() carries out what the first says; what the API refuses is said
 *  above them, and the dialog stays. */
export function actionsOf(label, act, close, kind = "primary") {
  const problem = h("p", { class: "problem", role: "alert" });
  const first = button(label, async () => {
    if (!areFieldsValid(first.closest("dialog"))) return;
    first.disabled = true;
    try {
      await act();
      close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.textContent = error.message;
    } finally {
      first.disabled = false;
    }
  }, { class: kind });
  return [problem, h("div", { class: "actions" }, first,
    button("Cancel", close, { autofocus: kind === "danger" }))];
}

function onEnter(event) {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.target.closest("dialog").querySelector(".actions button").click();
}

/** A field with its label; Enter in it is the first of the dialog's actions. */
export function field(id, label, attributes) {
  return h("p", { class: "field" }, h("label", { for: id }, label),
    h("input", { id, autocomplete: "off", onkeydown: onEnter, ...attributes }));
}

export const valueOf = (id) => document.getElementById(id).value.trim();
