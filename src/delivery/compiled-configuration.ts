import { asSync } from "../database/as-sync";
import type { Database } from "../database/database";
import type { Sealer } from "../database/sealing";
import type { CompiledApplication } from "../traefik/compiler/state";
import { findGateway } from "./leader/lease";
import { compileChecked, withHashes } from "./planner/compile-batch";
import { readApplications, readStates } from "./planner/desired-state";
import { openGateway } from "./planner/gateway";

/** What would be delivered for an application now. */
export interface CompiledConfiguration extends Pick<CompiledApplication, "intended" | "form" | "diagnostics"> {
  readonly fileName: string;
  /** The file with every hash replaced; null if the application has no file. */
  readonly text: string | null;
}

/** What stands in place of a hash. */
const hidden = "••••";

/**
 * Compiles an application as the sync would do now, and hides the hashes. It delivers and records nothing.
 * @returns null if the application is not on this gateway
 */
export async function compiledConfiguration(
  { database, sealer }: { readonly database: Database; readonly sealer: Sealer },
  { applicationId, gatewayId }: { readonly applicationId: string; readonly gatewayId: string },
  now: Date,
): Promise<CompiledConfiguration | null> {
  const row = await findGateway(database, gatewayId);
  if (row === null) return null;
  const [[stored], [before]] = await asSync(database, (tx) =>
    Promise.all([readApplications(tx, gatewayId, [applicationId], now), readStates(tx, gatewayId, [applicationId])]),
  );
  if (stored === undefined) return null;
  const state = withHashes(stored, sealer);
  const { file, intended, form, diagnostics } = compileChecked(
    state,
    openGateway(row, sealer),
    before?.lastGood ?? null,
  );
  const hashes = state.credentials.flatMap(({ hash }) => hash ?? []);
  return {
    fileName: `${applicationId}.yml`,
    text: file === null ? null : withoutHashes(file.text, hashes),
    intended,
    form,
    diagnostics,
  };
}

/** Renders the file again with `username:••••` in each list of users. */
function withoutHashes(text: string, hashes: readonly string[]): string {
  const known = new Set(hashes);
  const shown = JSON.stringify(
    JSON.parse(text),
    (_key, value: unknown) => {
      if (typeof value !== "string") return value;
      const hash = value.slice(value.indexOf(":") + 1);
      return known.has(hash) ? `${value.slice(0, -hash.length)}${hidden}` : value;
    },
    1,
  );
  if (hashes.some((hash) => shown.includes(hash))) throw new Error("a hash is left in the configuration");
  return shown;
}
