import { type AnyOperation, pathsOf } from "#src/operations/operation";
import { type OperationTree, operationsOf } from "#src/operations/operations-of";
import { commonReasons } from "#src/operations/require-declared";
import { type AnyDefinition, exampleOf, statuses } from "#src/platform/errors/reason";
import { reasons } from "#src/platform/errors/reasons";
import { organizationHeader } from "../caller";
import { openApiPath, restBase } from "./rest-base";

/** Renders the API reference as Markdown from the list of operations, with one section for each aggregate. */
export function apiPage(tree: OperationTree): string {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const aggregates = [...new Set(operations.map(aggregateOf))];
  return [
    "# API",
    "",
    "Each operation is a tRPC procedure and a REST endpoint, with the same input, output and refusals.",
    "",
    `- REST: the method and path below \`${restBase}\`. POST, PATCH and PUT take a JSON object in the body, and GET and`,
    "  DELETE take query parameters. Fields that the path names are not repeated. The response is the output itself. 201",
    "  has the header `Location` if the new object has a path of its own, and 204 has no body.",
    `  \`GET ${openApiPath}\` describes all inputs and outputs in OpenAPI 3.1.`,
    "- tRPC: `POST /api/trpc/<operation>` with the input as a JSON object; queries also by GET. The response is",
    '  `{"result": {"data": …}}` with the output as `data`.',
    "",
    "Send an API key in the header `x-api-key`. A session sends its cookie, and its CSRF token in the header `x-csrf-token`",
    "with every change; `auth.session` returns the token.",
    "",
    `The header \`${organizationHeader}\` names the organization of a request, by its id or its slug, so that two tabs of one`,
    "browser can work in two organizations. Without it, a session is about the organization that",
    "`auth.setActiveOrganization` chose. A key belongs to one organization. An organization of which the caller is not a",
    "member is refused with `not_found`, like one that does not exist, also for a key. Requests without own headers, such",
    "as a download, name the organization in the query: `?organization=`.",
    "",
    "A list takes `limit` (50 by default, 200 at most) and `cursor`, and returns `items` and `nextCursor`. The next page has",
    "the `nextCursor` of this page as its `cursor`; on the last page it is null.",
    "",
    'A refusal over REST is `{"error": {"code", "reason", "message", "requestId", "fields", "details"}}`. Over tRPC it is',
    '`{"error": {"message", "data": {"code", "reason", "requestId", "fields", "details"}}}`. `reason` is stable, and',
    "[Reasons](#reasons) lists all of them. `fields` is there if single fields of the input are wrong. `details` has the",
    "values of the message, for reasons about an earlier state that the caller has seen.",
    "",
    "`GET /api/audit/export` is not an operation: it streams an audit log as JSON lines, or as CSV with `format=csv`, and",
    "takes the filter of `audit.list`. `log=installation` selects the log of the installation. It needs `audit:read` or",
    "`installation-audit:read`.",
    "",
    "`GET /api/events` is not an operation either: it streams what changes in an organization, as server-sent events. It",
    "needs `application:read`, with a session's cookie or a key. `?organization=` names the organization. The events are",
    "`application` (the exposure, its reason and the delivery have another state, or the application was changed or",
    "deleted), `gateway` (with `sync:read`) and `audit` (with `audit:read`). They have ids and states only. A new stream",
    "begins with `ready`: what is read after it misses nothing. `Last-Event-ID`, or `?lastEventId=`, continues a stream.",
    "`reset` says that too much has changed, or that the position is unknown: read everything again. `end` is the last",
    "event of a caller who may not follow any more.",
    "",
    `Every operation can refuse with ${list([...commonReasons])}.`,
    "",
    "## Versions and confirmations",
    "",
    "Each object that can be updated has a `version`, in lists too. It changes with everything that an update can change,",
    "and not with what is observed (the exposure, times of use). Every `update`, and every `delete` of such an object, takes",
    "the version that the caller last saw as `ifVersion`. If the object has another version now, nothing is written, and the",
    "refusal is 412 `stale_version`. Its `details` are who changed the object last (`by`: `kind` and `name`, or null if the",
    "audit log does not say it), when (`at`), and the `version` now.",
    "",
    "Over REST the version is also the beginning of the `ETag` of a response with one object, and `If-Match` takes the tag.",
    "`If-Match` compares the version only. `*` matches every version and a weak tag none, and one of several tags has to",
    "match. A change that takes no version is refused with `If-Match`. A GET of one object with `If-None-Match` gets 304 if",
    "the whole response is the same, with what was observed.",
    "",
    "What makes applications public by a change of access (`applications.update`, `applications.updateMany`) or by lifting",
    "`neverPublic` (`organizations.update`) needs `confirm`. Ask its preview first (`applications.preview`,",
    "`applications.previewMany`, `organizations.preview`): it names what becomes public, and its `digest` is the value of",
    "`confirm`. Without it the refusal is 428 `confirmation_required`. If another application would become public now, or the",
    "same one with another host, it is 412 `preview_changed`. `security.delete` takes the digest of `security.preview`, and",
    "needs none.",
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

const aggregateOf = ({ name }: AnyOperation): string => name.replace(/\..*$/, "");

const list = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");

function sectionOf({ name, summary, rest, access, errors }: AnyOperation): string[] {
  const who = {
    permission: (permission: string) => `Needs \`${permission}\`.`,
    visitor: () => "For visitors who are not signed in, from a page of the control plane.",
    everyone: () => "For everyone, also without a sign-in.",
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
