// Changes to certificates, each asked for with what is known of its consequences.

import { request } from "./api.js";
import { actionsOf, field, openDialog, valueOf } from "./dialog.js";
import { foreign, h } from "./dom.js";
import { actorOf, loadEvents, sentenceOf } from "./events.js";
import { formatCount, formatDate, formatDistance, formatList, formatNumber } from "./format.js";
import { followersOf } from "./generations.js";
import { followingOf } from "./hosts.js";
import { activationIn, isActive, labelOf, oddityOf } from "./organization.js";

const pathOf = (scope) => scope.id === null ? "organization/certificates"
  : `organization/projects/${encodeURIComponent(scope.id)}/certificates`;

function evidenceOfHosts({ hosts }, scope, active) {
  const { following, current } = followingOf(hosts, scope.id);
  if (!hosts.isWhole)
    return `${formatNumber(hosts.current)} hosts have the present lists, ${
      formatNumber(hosts.behind)} are behind.`;
  if (following === 0) return "No host has reported that it follows this scope.";
  const [follow, have, lose] = following === 1 ? ["follows", "has", "It loses"]
    : ["follow", "have", "They lose"];
  return active ? `${formatNumber(current)} of ${formatCount(following, "host")} that ${follow} `
      + `this scope ${have} the present list, and with it this certificate. ${lose} it at the next `
      + "sync."
    : `${formatCount(following, "host")} will trust it after the next sync${following > current
      ? `, ${formatNumber(following - current)} of them behind already` : ""}.`;
}

function evidenceOfLine(certificate, { certificates, checkedAt }, active) {
  const end = `It ${certificate.expires_at < checkedAt ? "ended" : "ends"} ${
    formatDistance(certificate.expires_at, checkedAt)} (${formatDate(certificate.expires_at)}).`;
  if (!active) return end;
  const next = followersOf(certificate, certificates).filter(isActive);
  return `${end} ${next.length > 0 ? `Its successor ${labelOf(next[0])} is active.`
    : "No successor of it is active: what only it vouches for fails afterwards."}`;
}

/** Where else it is active, so that it does not go from everywhere. */
function evidenceOfScopes(certificate, scope, { projects }) {
  const others = certificate.active_in.filter(({ project }) => project !== scope.id)
    .map(({ project }) => project === null ? "the organization (whose list hosts of a project have, too)"
      : projects.find(({ id }) => id === project)?.name || project);
  return others.length === 0 ? null : `It is active in ${formatList(others)} as well, and stays so.`;
}

/** Filled in when it is there. */
function evidenceOfLog(certificate, { keys, checkedAt }) {
  const item = h("li", null, "…");
  loadEvents({ resource: certificate.id, limit: 1 }).then(({ data: [last] }) => {
    if (last === undefined) item.textContent = "No change of it is in the audit log.";
    else item.replaceChildren(`Last changed ${formatDistance(last.effective_at, Math.max(last.effective_at, checkedAt))}, ${
      formatDate(last.effective_at)}: ${actorOf(last, keys).text} `, ...sentenceOf(last).flat(3)
      .filter((child) => child !== null), ".");
  }, (error) => { item.textContent = error.message; });
  return item;
}

const untilField = () => field("until", "Until (optional; the server then deactivates it)",
  { type: "date" });

async function sendToggle(page, certificate, scope, active) {
  const body = { certificate_ids: [certificate.id] };
  const until = active ? "" : valueOf("until");
  if (until) body.orgtrust_deactivate_at = Math.floor(new Date(`${until}T00:00`).getTime() / 1000);
  await request(`${pathOf(scope)}/${active ? "deactivate" : "activate"}`, { method: "POST", body });
  await page.refresh();
}

/** Activates what is not active there, and the other way round. */
export function askToggle(page, certificate, scope) {
  const { organization } = page;
  const active = Boolean(activationIn(certificate, scope.id));
  const verb = active ? "Deactivate" : "Activate";
  const odd = oddityOf(certificate);
  const elsewhere = evidenceOfScopes(certificate, scope, organization);
  openDialog(`${verb} in ${scope.name}`, (close) => [
    h("p", { class: "subject-of-change" }, foreign(labelOf(certificate)),
      certificate.subject ? foreign(certificate.subject, { class: "subject" }) : null),
    h("ul", { class: "evidence" }, h("li", null, evidenceOfHosts(organization, scope, active)),
      h("li", null, evidenceOfLine(certificate, organization, active)),
      elsewhere ? h("li", null, foreign(elsewhere)) : null,
      odd ? h("li", { class: "odd" }, `It ${odd}.`) : null,
      evidenceOfLog(certificate, organization)),
    active ? null : untilField(),
    actionsOf(verb, () => sendToggle(page, certificate, scope, active), close,
      active ? "danger" : "primary")].flat().filter(Boolean));
}

/** Another name. */
export function askName(page, certificate) {
  openDialog("Rename", (close) => [
    field("new-name", "Name", { value: certificate.name ?? "", maxlength: "255" }),
    ...actionsOf("Rename", async () => {
      await request(`organization/certificates/${certificate.id}`,
        { method: "POST", body: { name: valueOf("new-name") } });
      await page.refresh();
    }, close)]);
}

/** Only what is active nowhere can go. */
export function askDelete(page, certificate) {
  openDialog("Delete", (close) => [
    h("p", null, foreign(labelOf(certificate)), " is active nowhere. The audit log keeps its "
      + "content; it can be uploaded again, under another id."),
    h("ul", { class: "evidence" }, evidenceOfLog(certificate, page.organization)),
    ...actionsOf("Delete", async () => {
      await request(`organization/certificates/${certificate.id}`, { method: "DELETE" });
      location.hash = "#certificates";
      await page.refresh();
    }, close, "danger")]);
}
