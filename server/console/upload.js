// Uploading: files are dropped or chosen, looked at here, and sent once somebody says so.

import { request } from "./api.js";
import { checkCertificate, titleOf } from "./check.js";
import { actionsOf, openDialog } from "./dialog.js";
import { button, foreign, h } from "./dom.js";
import { formatCount, formatDate } from "./format.js";
import { pemOf, readFileBytes } from "./pem.js";

const FILE_MAX = 1024 * 1024;

const isSame = (one, der) => one.der?.length === der?.length
  && one.der?.every((byte, i) => byte === der[i]);

/** What is wrong with one more beside those before it, which are good so far. */
function problemBeside(found, der, { server, certificates }) {
  const good = found.filter(({ problems }) => problems.length === 0);
  const twin = good.find((one) => isSame(one, der));
  if (twin) return `It is in ${twin.file} already.`;
  return certificates.length + good.length < server.max_certificates ? null
    : `There is no room for it: ${formatCount(server.max_certificates, "certificate")} at most `
      + "(--max-certificates).";
}

/** As of a file of PEM or DER, with its problem if it cannot be read at all. */
async function readFile(file) {
  if (file.size > FILE_MAX) return { ders: [], problem: "It is larger than 1 MiB." };
  try {
    return readFileBytes(new Uint8Array(await file.arrayBuffer()));
  } catch {
    return { ders: [], problem: "It cannot be read: it is a folder, may not be read, or has "
      + "changed since it was chosen." };
  }
}

/** What is in the files: {file, der, facts, problems, warnings, name}, one for each
 *  certificate, or one with a problem of the file. */
async function readFiles(files, organization) {
  const found = [];
  for (const file of files) {
    const { ders, problem } = await readFile(file);
    if (problem) found.push({ file: file.name, problems: [problem], warnings: [], facts: null });
    for (const der of ders) {
      const checked = checkCertificate(der, organization);
      const beside = checked.problems.length > 0 ? null : problemBeside(found, der, organization);
      if (beside) checked.problems.push(beside);
      found.push({ file: file.name, der, ...checked,
        name: checked.facts ? titleOf(checked.facts) || file.name : file.name });
    }
  }
  return found;
}

function candidateItem(candidate, i) {
  const { facts, problems, warnings } = candidate;
  return h("li", { class: "candidate" },
    facts && problems.length === 0 ? h("p", { class: "field" },
      h("label", { for: `name-${i}` }, "Name"),
      h("input", { id: `name-${i}`, value: candidate.name, maxlength: "255", autocomplete: "off",
        oninput: (event) => { candidate.name = event.target.value; } }))
      : h("p", null, foreign(candidate.name ?? candidate.file)),
    facts ? h("p", { class: "note" }, "from ", foreign(candidate.file),
      `, valid ${formatDate(facts.validAt)} to ${formatDate(facts.expiresAt)}`) : null,
    problems.map((text) => h("p", { class: "problem" }, text)),
    warnings.map((text) => h("p", { class: "odd" }, text)));
}

async function sendCandidates(candidates, page) {
  // After one that failed, those before it are not sent again.
  for (const candidate of candidates.filter(({ problems }) => problems.length === 0)) {
    await request("organization/certificates", { method: "POST",
      body: { certificate: pemOf(candidate.der), name: candidate.name } });
    candidate.problems = ["It has been uploaded."];
  }
  await page.refresh();
}

const closing = (close) => h("div", { class: "actions" }, button("Close", close));

function reviewOf(candidates, page, close) {
  const good = candidates.filter(({ problems }) => problems.length === 0);
  const left = candidates.length - good.length;
  return [h("p", { role: "status" }, `${formatCount(good.length, "certificate")} to upload${
    left > 0 ? `, ${formatCount(left, "is", "are")} left out` : ""}. Nothing has been sent yet.`),
  h("ul", { class: "candidates" }, candidates.map(candidateItem)),
  good.length > 0 ? actionsOf(`Upload ${formatCount(good.length, "certificate")}`,
    () => sendCandidates(good, page), close) : closing(close)].flat();
}

/** Something is being dragged over the element, or let fall on it. */
function takeDrops(element, take) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

/** Asks for files, or takes those that were dropped on the page. */
export function askUpload(page, dropped = []) {
  openDialog("Upload certificates", (close) => {
    const review = h("div", { class: "review" }, closing(close));
    const take = async (files) => {
      const candidates = await readFiles(files, page.organization);
      review.replaceChildren(...reviewOf(candidates, page, close));
    };
    const input = h("input", { id: "files", type: "file", multiple: true,
      accept: ".pem,.crt,.cer,.der", onchange: (event) => take(event.target.files) });
    const zone = h("div", { class: "drop" }, h("label", { for: "files" },
      "Drop files here, or choose them: PEM or DER"), input);
    takeDrops(zone, take);
    if (dropped.length > 0) take(dropped);
    return [zone, review];
  });
}

/** Files may be dropped anywhere on the page of who may upload. */
export function acceptDrops(page) {
  takeDrops(document.documentElement, (files) => {
    if (page.organization?.isAdmin && files.length > 0 && !document.querySelector("dialog[open]"))
      askUpload(page, files);
  });
}
