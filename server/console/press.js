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

// Where a menu opens, the browser's own or that of a choice, the release may be seen by it alone.
window.addEventListener("pointerdown", ({ button }) => { isPressed ||= button === 0; }, true);
window.addEventListener("pointermove", ({ buttons }) => isPressed && buttons === 0 && release(), true);
window.addEventListener("keydown", ({ key }) => { isPressed ||= key === " "; }, true);
for (const end of ["pointerup", "pointercancel", "keyup", "contextmenu", "change"])
  window.addEventListener(end, release, true);
window.addEventListener("blur", release); // of the window alone: elements' do not come up to it
