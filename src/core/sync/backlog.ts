/** One outbox row, as far as planning is concerned. */
export interface BacklogRow {
  readonly organizationId: string;
  readonly applicationId: string | null;
  readonly denyGroup: number | null;
  readonly closes: boolean;
}

/** What has to be made again, each thing once however often it changed. */
export interface Backlog {
  /** By application: who it belonged to, and whether something of it closes. */
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
 * Of pending rows, those that go together: all of them, or where something closes, that and what must not come after
 * it (denies), the first `beside` of the others, and whatever concerns the same applications.
 */
export function closingFirst<Row extends BacklogRow>(rows: readonly Row[], beside: number): Row[] {
  if (!rows.some(({ closes }) => closes)) return [...rows];
  const isFirst = ({ closes, denyGroup }: Row) => closes || denyGroup !== null;
  const together = [...rows.filter(isFirst), ...rows.filter((row) => !isFirst(row)).slice(0, beside)];
  const applications = new Set(together.map(({ applicationId }) => applicationId));
  return rows.filter((row) => isFirst(row) || applications.has(row.applicationId));
}

/** Pages of at most `size`, in order. */
export function* inPages<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
