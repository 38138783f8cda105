"use strict";
const make = (tag, options = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
};
const EXAMPLES = {
  post_predict: { inputs: ["a wonderful film", "a waste of time"] },
  post_v1_predict: { texts: ["a wonderful film"], explain: true },
  post_predict_name: { inputs: "a wonderful film" },
  post_v2_models_name_infer: { inputs: [{ name: "text", shape: [1], datatype: "BYTES", data: ["a wonderful film"] }] },
};

const typeOf = (schema) => {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  const types = [schema.type].flat().filter((type) => type && type !== "null");
  return types.map((type) => (type === "array" && schema.items ? `list of ${typeOf(schema.items)}` : type)).join(" or ") || "any";
};

const fields = (schema, prefix = "") => Object.entries(schema.properties || {}).flatMap(([name, field]) => {
  const inner = field.properties ? field : field.items && field.items.properties ? field.items : null;
  const path = `${prefix}${name}`, required = (schema.required || []).includes(name);
  const row = make("tr", {}, make("td", {}, make("code", { textContent: path })), make("td", { textContent: typeOf(field) + (required ? ", required" : "") }), make("td", { textContent: field.description || "" }));
  return [row, ...(inner ? fields(inner, `${path}${field.items ? "[]" : ""}.`) : [])];
});

const table = (head, rows) => make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: head.join(", ") }, make("table", {}, make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col", textContent: name })))), make("tbody", {}, ...rows)));

const BASE = new URL(".", location).href.slice(0, -1); // a proxy may serve this under a path of its own
const curl = (path, method, operation, security) => {
  const names = (operation.parameters || [])[0], url = `${BASE}${path.replace("{name}", names ? (names.schema.enum || ["NAME"])[0] : "")}`;
  const parts = ["curl", ...(method === "post" && !operation.requestBody ? ["-X POST"] : []), url];
  if (security) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (EXAMPLES[operation.operationId]) parts.push(`-d '${JSON.stringify(EXAMPLES[operation.operationId])}'`);
  return parts.join(" ");
};

const card = (path, method, operation) => {
  const body = operation.requestBody && operation.requestBody.content["application/json"].schema;
  const security = operation.security.some((one) => "token" in one);
  const responses = Object.entries(operation.responses).map(([code, response]) => make("tr", {}, make("td", {}, make("code", { textContent: code })), make("td", { textContent: response.description })));
  return make("details", { className: "card" },
    make("summary", {}, make("span", { className: "method", textContent: method.toUpperCase() }), make("code", { textContent: path }), make("span", { className: "hint", textContent: operation.summary.replaceAll("`", "") })),
    make("p", { textContent: security ? "Needs the token, if the server has one." : "Needs no token." }),
    make("pre", { textContent: curl(path, method, operation, security), tabIndex: 0 }),
    ...(body ? [make("h3", { textContent: "Body" }), table(["Field", "Type", "Meaning"], fields(body))] : []),
    make("h3", { textContent: "Answers" }), table(["Status", "Meaning"], responses));
};

const start = async () => {
  const place = document.getElementById("endpoints");
  try {
    const { paths } = await (await fetch("openapi.json")).json();
    place.replaceChildren(...Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => card(path, method, operation))));
    place.firstElementChild.open = true;
  } catch (error) {
    const message = document.getElementById("message");
    message.textContent = `openapi.json cannot be read: ${error.message}`;
    message.hidden = false;
  }
  place.setAttribute("aria-busy", "false");
};
start();
