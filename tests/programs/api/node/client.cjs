// What an administrator's program does with OpenAI's own client:
//   node client.cjs PACKAGE BASE_URL KEY PEM-FILE
// prints one JSON object of what it saw.
"use strict";
const fs = require("fs");
const { default: OpenAI } = require(process.argv[2]);

const client = new OpenAI({
    baseURL: process.argv[3], adminAPIKey: process.argv[4], apiKey: null, maxRetries: 0,
});
const organization = client.admin.organization;

// Every item of a list, by the client's own paging.
async function all(list) {
    const found = [];
    for await (const item of list) found.push(item);
    return found;
}

async function main() {
    const seen = {};
    const made = await organization.adminAPIKeys.create({
        name: "node", expires_in_seconds: 3600,
    });
    seen.value = made.value;
    seen.key = await organization.adminAPIKeys.retrieve(made.id);
    seen.keys = await all(organization.adminAPIKeys.list({ limit: 1, order: "desc" }));
    seen.deleted = await organization.adminAPIKeys.delete(made.id);
    const project = await organization.projects.create({ name: "Node" });
    seen.project = await organization.projects.retrieve(project.id);
    await organization.projects.create({ name: "Other" });
    seen.projects = await all(organization.projects.list({ limit: 1, include_archived: true }));
    const cert = await organization.certificates.create({
        certificate: fs.readFileSync(process.argv[5], "utf8"), name: "Root",
    });
    seen.activated = await all(await organization.projects.certificates.activate(
        project.id, { certificate_ids: [cert.id] }));
    seen.cert = cert;
    seen.log = await all(organization.auditLogs.list({ limit: 2 }));
    seen.filtered = await all(organization.auditLogs.list({
        limit: 2, event_types: ["certificates.activated", "project.created"],
        project_ids: [project.id], resource_ids: [cert.id], effective_at: { gte: 1, lt: 1e11 },
    }));
    try {
        await organization.projects.retrieve("proj_none");
    } catch (error) {
        seen.missing = { status: error.status, code: error.code, name: error.constructor.name };
    }
    process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
