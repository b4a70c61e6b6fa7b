import { type AnyOperation, pathsOf } from "../../operations/operation";
import { type OperationTree, operationsOf } from "../../operations/operations-of";
import { commonReasons } from "../../operations/require-declared";
import { type AnyDefinition, exampleOf, statuses } from "../../platform/errors/reason";
import { reasons } from "../../platform/errors/reasons";
import { openApiPath } from "./open-api";
import { restBase } from "./rest-base";

/** Renders the API reference as Markdown from the list of operations, with one section for each aggregate. */
export function apiPage(tree: OperationTree): string {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const aggregates = [...new Set(operations.map(aggregateOf))];
  return [
    "# API",
    "",
    "Each operation is a tRPC procedure and a REST endpoint, with the same input, output and refusals.",
    "",
    `- REST: the method and path below \`${restBase}\`, with a JSON body. \`GET ${openApiPath}\` describes it in OpenAPI 3.1.`,
    "- tRPC: `POST /api/trpc/<operation>` with the input as JSON; queries also by GET.",
    "",
    "Send an API key in the header `x-api-key`. A refusal over REST is",
    '`{"error": {"code", "reason", "message", "requestId", "fields"}}`; `reason` is stable, and [Reasons](#reasons) lists',
    "all of them.",
    "",
    `Every operation can refuse with ${list([...commonReasons])}.`,
    ...aggregates.flatMap((aggregate) => [
      "",
      `## ${aggregate}`,
      ...operations.filter((operation) => aggregateOf(operation) === aggregate).flatMap(sectionOf),
    ]),
    ...reasonsSection(),
    "",
  ].join("\n");
}

/** Renders the whole catalogue. A sentence that names values appears with example values. */
function reasonsSection(): string[] {
  const sorted = Object.entries<AnyDefinition>(reasons).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = sorted.map(([reason, definition]) => {
    return `| \`${reason}\` | ${statuses[definition.kind]} | ${exampleOf(definition).replaceAll("|", "\\|")} |`;
  });
  return [
    "",
    "## Reasons",
    "",
    "Every reason has one status and one sentence. A sentence can name values; the table shows an example. Clients rely",
    "on `reason`, never on the sentence.",
    "",
    "| reason | status | sentence |",
    "| --- | --- | --- |",
    ...rows,
  ];
}

const aggregateOf = ({ name }: AnyOperation): string => name.slice(0, name.indexOf("."));

const list = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");

function sectionOf({ name, summary, rest, access, errors }: AnyOperation): string[] {
  const who = {
    permission: (permission: string) => `Needs \`${permission}\`.`,
    visitor: () => "For visitors who are not signed in, from a page of the control plane.",
    everyone: () => "For everyone.",
  };
  const needs = access.kind === "permission" ? who.permission(access.permission) : who[access.kind]();
  return [
    "",
    `### ${name}`,
    "",
    `${summary}. ${needs}`,
    "",
    pathsOf(rest)
      .map((path) => `\`${rest.method} ${restBase}${path}\``)
      .join(" or "),
    ...(errors.length === 0 ? [] : ["", `Refuses with ${list([...errors].sort())}.`]),
  ];
}
