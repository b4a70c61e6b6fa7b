import type { BatchSize } from "./batch-size";

/** The fields of an outbox row that planning needs. */
export interface BacklogRow {
  readonly organizationId: string;
  readonly applicationId: string | null;
  readonly denyGroup: number | null;
  readonly closes: boolean;
}

/** What has to be compiled. Each item appears once, however often it changed. */
export interface Backlog {
  /** By application: its organization, and whether a change of it closes. */
  readonly applications: ReadonlyMap<string, { readonly organizationId: string; readonly closes: boolean }>;
  readonly denies: readonly { readonly organizationId: string; readonly group: number }[];
  readonly closes: boolean;
}

export function backlogOf(rows: readonly BacklogRow[]): Backlog {
  const applications = new Map<string, { organizationId: string; closes: boolean }>();
  const denies = new Map<string, { organizationId: string; group: number }>();
  for (const { organizationId, applicationId, denyGroup, closes } of rows) {
    if (applicationId !== null) {
      const before = applications.get(applicationId);
      applications.set(applicationId, { organizationId, closes: closes || (before?.closes ?? false) });
    }
    if (denyGroup !== null) denies.set(`${organizationId} ${denyGroup}`, { organizationId, group: denyGroup });
  }
  return { applications, denies: [...denies.values()], closes: rows.some(({ closes }) => closes) };
}

/**
 * Chooses the pending rows that one delivery carries: every deny, because nothing may come before it, and then the
 * applications that close, with a few others. If nothing closes, it chooses applications that open. Organizations take
 * turns, so that one with thousands of changes does not delay another's single change. All rows of a chosen application
 * are included.
 */
export function batchOf<Row extends BacklogRow>(rows: readonly Row[], size: BatchSize): Row[] {
  const ofApplications = rows.filter(({ applicationId }) => applicationId !== null);
  const closing = ofApplications.filter(({ closes }) => closes);
  const closes = rows.some((row) => row.closes);
  const close = new Set(closing.map(({ applicationId }) => applicationId));
  const opening = ofApplications.filter(({ applicationId }) => !close.has(applicationId));
  const chosen = new Set([
    ...inTurns(closing, size.closing),
    ...inTurns(opening, closes ? size.alongside : size.opening),
  ]);
  return rows.filter(({ applicationId, denyGroup }) => denyGroup !== null || chosen.has(applicationId));
}

/** The first `most` applications of the rows: in their order within each organization, with organizations in turn. */
function inTurns(rows: readonly BacklogRow[], most: number): (string | null)[] {
  const waiting = new Map<string, Set<string | null>>();
  for (const { organizationId, applicationId } of rows) {
    const applications = waiting.get(organizationId) ?? new Set();
    waiting.set(organizationId, applications.add(applicationId));
  }
  const queues = [...waiting.values()].map((applications) => [...applications]);
  const chosen: (string | null)[] = [];
  for (let turn = 0; chosen.length < most && queues.some((queue) => turn < queue.length); turn++) {
    chosen.push(...queues.flatMap((queue) => queue.slice(turn, turn + 1)).slice(0, most - chosen.length));
  }
  return chosen;
}
