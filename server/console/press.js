// What a person presses, until it is released: a browser takes the two for a click only where
// they meet the same element, so that nothing is drawn anew between them.

let isPressed = false;
const waiting = [];

// The click comes behind the release.
const release = () => setTimeout(() => {
  isPressed = false;
  for (const go of waiting.splice(0)) go();
});

/** Resolved while nothing is pressed. */
export const released = () => isPressed ? new Promise((go) => waiting.push(go)) : Promise.resolve();

window.addEventListener("pointerdown", () => { isPressed = true; }, true);
window.addEventListener("keydown", ({ key }) => { isPressed ||= key === " "; }, true);
for (const end of ["pointerup", "pointercancel", "keyup"]) window.addEventListener(end, release, true);
window.addEventListener("blur", release); // of the window alone: elements' do not come up to it
