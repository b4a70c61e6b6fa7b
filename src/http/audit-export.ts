import { Hono } from "hono";
import { recordingRefusals } from "../access/attempt-trace";
import { Authorized } from "../access/authorized";
import { organization } from "../access/organization";
import { csvLine } from "../audit/csv";
import { type AuditEntry, type AuditFilter, ExportAudit } from "../features/audit-log/contract";
import { exportAuditEntries } from "../features/audit-log/export";
import type { LogReader } from "../features/audit-log/rows";
import { authenticate } from "../operations/authenticate";
import type { Call } from "../operations/call";
import { fieldsOf } from "../operations/fields-of";
import { Refusal } from "../platform/errors/refusal";
import type { RequestSlot } from "./active-requests";
import { callOf, isRefusedCaller } from "./caller";
import type { Environment } from "./environment";
import { repeatedNames } from "./readable-request";
import { activeRequest } from "./rules/active-request";
import { compression } from "./rules/compression";
import { responseHeaders } from "./rules/response-headers";
import { statedCallerOfLink } from "./rules/stated-caller";
import { supportedMethods } from "./rules/supported-methods";

/** The path from which an audit log is downloaded as a file. */
export const auditExportPath = "/api/audit/export";

const callersOrganization = { resource: organization, id: null };

/** Streams an audit log to a caller who is permitted to read it. */
export const auditExport = new Hono<Environment>().all(
  "/",
  supportedMethods("GET"),
  statedCallerOfLink,
  responseHeaders,
  activeRequest(),
  compression(),
  (context) => {
    const call = callOf(context.get("caller"), context.get("slot"), context.get("responseHeaders"));
    return answerAuditExport(call, new URL(context.req.url).searchParams);
  },
);

/** A call that also holds a slot for a streamed response. */
type ExportCall = Call & { readonly slot: RequestSlot };

interface Format {
  readonly type: string;
  /** The text before the first entry. */
  readonly head: string;
  line(entry: AuditEntry): string;
}

const columns: readonly (readonly [name: string, of: (entry: AuditEntry) => string | number | null])[] = [
  ["sequence", ({ sequence }) => sequence],
  ["at", ({ at }) => at],
  ["actor_kind", ({ actor }) => actor.kind],
  ["actor_id", ({ actor }) => actor.id],
  ["actor_name", ({ actor }) => actor.name],
  ["authenticated_by", ({ actor }) => actor.authenticatedBy],
  ["api_key_id", ({ actor }) => actor.apiKeyId],
  ["session_id", ({ actor }) => actor.sessionId],
  ["ip", ({ ip }) => ip],
  ["action", ({ action }) => action],
  ["outcome", ({ outcome }) => outcome],
  ["reason", ({ reason }) => reason],
  ["object_kind", ({ object }) => object.kind],
  ["object_id", ({ object }) => object.id],
  ["object_name", ({ object }) => object.name],
  ["changed", ({ changed }) => changed && JSON.stringify(changed)],
  ["count", ({ count }) => count],
  ["request_id", ({ requestId }) => requestId],
  ["audit_id", ({ auditId }) => auditId],
  ["hash", ({ hash }) => hash],
];

const formats: Readonly<Record<ExportAudit["format"], Format>> = {
  jsonl: { type: "application/x-ndjson", head: "", line: (entry) => `${JSON.stringify(entry)}\n` },
  csv: {
    type: "text/csv; charset=utf-8",
    head: csvLine(columns.map(([name]) => name)),
    line: (entry) => csvLine(columns.map(([, of]) => of(entry))),
  },
};

/**
 * Streams an audit log as JSON lines or CSV: `?format=csv&log=organization&from=…`. It accepts an API key or a session,
 * as every query does. Rows are read at the pace at which the caller consumes them. If the caller loses the permission
 * during the export, the connection is closed.
 * @throws Refusal before the first byte; `overloaded` if the limit of concurrent exports is reached
 */
async function answerAuditExport(context: ExportCall, query: URLSearchParams): Promise<Response> {
  const request = await authenticate(context, "audit.export");
  const repeated = repeatedNames(query);
  const isOfInstallation = query.get("log") === "installation";
  const authorized = await recordingRefusals<LogReader>(request.trace, isRefusedCaller, async () =>
    isOfInstallation
      ? await Authorized.demand(request, "installation-audit:read", callersOrganization)
      : await Authorized.demand(request, "audit:read", callersOrganization),
  );
  // Parsers disagree about which of two equal parameters counts.
  if (repeated.length > 0) {
    const fields = Object.fromEntries(
      repeated.filter((name) => name in ExportAudit.shape).map((name) => [name, "repeated"]),
    );
    throw new Refusal("invalid_input", { fields });
  }
  const { format, log, organization: _, ...filter } = readQuery(query);
  const { type, head, line } = formats[format];
  const day = context.runtime.clock.now().toISOString().slice(0, 10);
  const close = context.slot.openStream(authorized.organization.organizationId);
  const pages = closing(linesOf(exportAuditEntries(authorized, filter satisfies AuditFilter), head, line), close);
  const first = await pages.next(); // a failure before the first byte still gets an error status
  return new Response(streamOf(first, pages), {
    headers: {
      "content-type": type,
      "content-disposition": `attachment; filename="audit-${log}-${day}.${format}"`,
      "cache-control": "no-store",
    },
  });
}

function readQuery(query: URLSearchParams): ExportAudit {
  const read = ExportAudit.safeParse(Object.fromEntries(query));
  if (!read.success) throw new Refusal("invalid_input", { fields: fieldsOf(read.error) });
  return read.data;
}

async function* linesOf(
  pages: AsyncIterable<readonly AuditEntry[]>,
  head: string,
  line: (entry: AuditEntry) => string,
): AsyncGenerator<string, undefined> {
  let before = head;
  for await (const page of pages) {
    yield before + page.map(line).join("");
    before = "";
  }
  if (before !== "") yield before;
  return undefined;
}

/** Calls `close` after the last chunk: at the end, after a failure, or when the consumer stops reading. */
async function* closing(pieces: AsyncGenerator<string, undefined>, close: () => void): typeof pieces {
  try {
    yield* pieces;
  } finally {
    close();
  }
  return undefined;
}

/** Reads the next page only after the consumer took the previous one. */
function streamOf(first: IteratorResult<string>, rest: AsyncGenerator<string, undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: IteratorResult<string> | null = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = next ?? (await rest.next());
        next = null;
        if (piece.done) controller.close();
        else controller.enqueue(encoder.encode(piece.value));
      },
      async cancel() {
        await rest.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
