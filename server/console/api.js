// Requests to the API of the server that this page came from. The key is a variable of this
// file: nothing else of the page has it, and it is gone with the page.

const ANSWER_S = 30;

const BASE = new URL("../v1/", document.baseURI);

let key = null;
let turn = 0;
const answers = new Map(); // by path: the tag and the value of the answer to a GET

/** What the API refused, in its words. status 0: it could not be reached. */
export class ApiError extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** null: it is forgotten. */
export function setKey(text) {
  key = text;
  turn++;
  answers.clear();
}

export const hasKey = () => key !== null;

/** Another number for each key that is given or forgotten: what was asked for with one is not to
 *  be shown to who has another. */
export const keyTurn = () => turn;

function headersOf(path, method, body) {
  const headers = { Authorization: `Bearer ${key}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "GET" && answers.has(path)) headers["If-None-Match"] = answers.get(path).tag;
  return headers;
}

const failureOf = (error, otherwise) => new ApiError(0, error.name === "TimeoutError"
  ? `The server has not answered within ${ANSWER_S} seconds.` : otherwise);

async function send(path, method, body) {
  if (key === null) throw new ApiError(0, "The key has been forgotten.");
  try {
    return await fetch(new URL(path, BASE), {
      method, headers: headersOf(path, method, body),
      body: body === undefined ? undefined : JSON.stringify(body),
      // Nothing of it goes to a disk: answers are kept above.
      cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout?.(ANSWER_S * 1000),
    });
  } catch (error) {
    throw failureOf(error, "The server cannot be reached.");
  }
}

async function readJson(response) {
  try {
    return await response.json();
  } catch (error) {
    // It was cut off, or somebody in between answered.
    throw failureOf(error, "The server's answer cannot be read.");
  }
}

async function errorOf(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Somebody in between answered.
  }
  return new ApiError(response.status,
    error.message ?? `The server answered ${response.status} without a reason.`, error.code);
}

/** Path is relative to /v1/; body: what becomes JSON. Throws an ApiError. */
export async function request(path, { method = "GET", body } = {}) {
  const response = await send(path, method, body);
  if (response.status === 304) return answers.get(path).value;
  if (!response.ok) throw await errorOf(response);
  const value = await readJson(response);
  const tag = response.headers.get("ETag");
  if (method === "GET" && tag) answers.set(path, { tag, value });
  return value;
}

/** All items of a list, page by page, or those of so many pages. */
export async function requestAll(path, pages = Infinity) {
  const items = [];
  let after = "";
  for (let i = 0; ; i++) {
    const page = await request(`${path}${path.includes("?") ? "&" : "?"}limit=100${after}`);
    items.push(...page.data);
    if (!page.has_more || page.data.length === 0 || i + 1 >= pages) return items;
    after = `&after=${encodeURIComponent(page.last_id)}`;
  }
}
