import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from "../api/openapi.ts";
import { PROBLEM_BASE, PROBLEM_TYPES } from "../api/problems.ts";
import { type Html, html } from "../report/html-text.ts";
import { clientExample, curlExample } from "./docs-examples.ts";
import { schemaHtml, typeText } from "./docs-schema.ts";

interface ListedOperation extends OpenApiOperation {
  readonly method: string;
  readonly path: string;
}

/** The description of the API as a page: no script, and its style in a file of its own, so that a strict policy of content
 *  security holds. */
export function docsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): ListedOperation => ({ ...operation, method, path })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ tags }) => tags.includes(tag.name)),
  }));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>co2e API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<nav aria-label="Operations">
<p class="brand"><a href="#top">co2e API</a> <span class="muted">${document.info.version}</span></p>
<details class="contents" open><summary>Contents</summary>
${groups.map(
  ({ name, operations: own }) => html`<h2><a href="#${anchorOf(name)}">${name}</a></h2>
<ul>${own.map(({ operationId, method, path }) => html`<li><a href="#${operationId}">${methodHtml(method)} <span class="path">${breakable(path)}</span></a></li>`)}</ul>
`,
)}
<h2><a href="#problems">Problems</a></h2>
</details>
</nav>
<main id="content">
<header id="top">
<h1>co2e API</h1>
<p>${prose(document.info.description)}</p>
<p>Operations say which scope a key needs; a scope holds those before it: read, write, admin. Send the key as
<code>Authorization: Bearer KEY</code> or <code>X-API-Key: KEY</code>. The examples take it from the variable
<code>CO2E_API_KEY</code>; a server without keys needs none.</p>
<p>For programs: <a href="/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
</header>
${groups.map(
  ({ name, description, operations: own }) => html`<section class="tag">
<h2 id="${anchorOf(name)}">${name}</h2>
<p>${description}</p>
${own.map((operation) => operationHtml(operation, document))}
</section>
`,
)}
<section class="tag">
<h2 id="problems">Problems</h2>
<p>What went wrong is answered as <code>application/problem+json</code> (RFC 9457). <code>type</code> names the kind and
stays as it is; <code>detail</code> and <code>errors</code> say what is wrong with this request.</p>
${schemaHtml({ $ref: "#/components/schemas/Problem" }, document)}
<div class="scroll"><table>
<thead><tr><th>Status</th><th>Type</th><th>Meaning</th></tr></thead>
<tbody>${Object.entries(PROBLEM_TYPES).map(
    ([name, { status, title, about }]) =>
      html`<tr id="problem-${name}"><td>${status}</td><td><code>${PROBLEM_BASE}${name}</code></td><td><strong>${title}.</strong> ${prose(about)}</td></tr>
`,
  )}</tbody>
</table></div>
</section>
</main>
</body>
</html>
`.html;
}

function operationHtml(operation: ListedOperation, document: OpenApiDocument): Html {
  const { operationId, method, path, summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"];
  const answer = responses["200"]?.content?.["application/json"];
  const scope = operation["x-scope"];
  return html`<article id="${operationId}">
<h3><a class="anchor" href="#${operationId}">${methodHtml(method)} <span class="path">${breakable(path)}</span></a></h3>
<p class="summary">${summary}. <span class="scope">${scope === "public" ? "no key needed" : `scope ${scope}`}</span></p>
${description === undefined ? "" : html`<p>${prose(description)}</p>`}
${parameters.length === 0 ? "" : parametersHtml(parameters, document)}
${body === undefined ? "" : html`<h4>Body</h4>${schemaHtml(body.schema, document)}`}
<h4>Example</h4>
<pre><code>${curlExample(operation)}</code></pre>
<pre><code>${clientExample(operation)}</code></pre>
${
  answer === undefined
    ? ""
    : html`<h4>Answer</h4>${schemaHtml(answer.schema, document)}
<details class="example"><summary>Example of an answer</summary><pre><code>${JSON.stringify(answer.example, null, 2)}</code></pre></details>`
}
<p class="muted">Other answers: ${Object.entries(responses)
    .filter(([status]) => status !== "200")
    .map(([status, { description: said }]) => html`<span class="status">${status} ${said}</span> `)}</p>
</article>
`;
}

const parametersHtml = (parameters: readonly OpenApiParameter[], document: OpenApiDocument): Html =>
  html`<h4>Parameters</h4>
<div class="scroll"><table>
<thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>
<tbody>${parameters.map(
    ({ name, in: where, required, schema, description, example }) =>
      html`<tr><th scope="row"><code>${name}</code>${required ? html` <span class="needed">needed</span>` : ""}</th><td>${where === "path" ? "in the path, " : ""}${typeText(schema, document)}${limitsOf(schema)}</td><td>${prose(description)}${example === undefined ? "" : html` <span class="muted">(<code>${example}</code>)</span>`}</td></tr>
`,
  )}</tbody>
</table></div>`;

function limitsOf({ minimum, maximum, default: standard }: Readonly<Record<string, unknown>>): string {
  const range = minimum === undefined ? "" : `, ${minimum} to ${maximum}`;
  return `${range}${standard === undefined ? "" : `; default ${standard}`}`;
}

const methodHtml = (method: string): Html =>
  html`<span class="method ${method}">${method.toUpperCase()}</span>`;

/** Text in which `this` is code. */
const prose = (text: string): readonly Html[] =>
  text.split("`").map((piece, index) => (index % 2 === 0 ? html`${piece}` : html`<code>${piece}</code>`));

/** A line may end before a slash. */
const breakable = (path: string): readonly Html[] =>
  path.split(/(?=\/)/).map((piece, index) => (index === 0 ? html`${piece}` : html`<wbr>${piece}`));

const anchorOf = (tag: string): string => tag.toLowerCase();
