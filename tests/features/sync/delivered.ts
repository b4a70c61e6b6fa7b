import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { applicationStates } from "#drizzle/sync";
import type { ProbeResult } from "#src/delivery/protocol/probe";
import type { AlarmReason, DeliveryCause, UnprovenReason } from "#src/platform/contract/sync-state";
import { applicationStateRows, changeRows } from "#tests/support/rows/delivery";
import { readRows, updateRows } from "#tests/support/rows/table";
import type { World } from "#tests/support/world";

/** Writes, as the owner of the database, what a reconciler would write for one gateway. */
export function deliveredBy({ db }: Pick<World, "db">, gatewayId: string) {
  const { owner } = db;
  return {
    /** Marks these rows, or all pending rows, as delivered in this revision. */
    deliver: async (revision: number, changeId?: string) => {
      const pending = { gatewayId, deliveredIn: null, ...(changeId === undefined ? {} : { changeId }) };
      if ((await readRows(owner, changes, pending, ["row"])).length === 0) return;
      await updateRows(owner, changes, pending, { deliveredIn: revision, deliveredAt: new Date() });
    },
    load: (revision: number) =>
      updateRows(owner, gateways, { gatewayId }, { loadedRevision: revision, loadedAt: new Date() }),
    fail: (cause: DeliveryCause | null) => updateRows(owner, gateways, { gatewayId }, { cause }),
    /** Stores words that only another version of the product knows. */
    storeForeignCause: (cause: string) =>
      db.asOwner("update gateways set cause = $2 where gateway_id = $1", [gatewayId, cause]),
    storeForeignReason: (applicationId: string, reason: string) =>
      db.asOwner("update application_states set unproven = $2 where application_id = $1", [applicationId, reason]),
    /** A visitor was let in: the alarm begins now, and lasts. */
    expose: (applicationId: string, reason: AlarmReason, answer: Partial<ProbeResult> = {}) =>
      updateRows(
        owner,
        applicationStates,
        { gatewayId, applicationId },
        {
          alarmSince: new Date(),
          alarmReason: reason,
          alarmEndedAt: null,
          alarmAnswer: {
            request: "HEAD wiki.example.org/",
            status: 200,
            tag: false,
            pass: false,
            proven: false,
            why: reason,
            at: new Date().toISOString(),
            ...answer,
          },
        },
      ),
    /** Sets the state of the application in this revision. */
    state: async (
      organizationId: string,
      applicationId: string,
      revision: number,
      options: {
        proven?: number;
        proof?: readonly ProbeResult[];
        unproven?: UnprovenReason;
        routed?: boolean;
        removed?: boolean;
      } = {},
    ) => {
      const { proven = 0, proof = null, unproven = null, routed = true, removed = false } = options;
      const observed = {
        revision,
        digest: routed ? "digest" : null,
        deliveredAt: new Date(Date.now() - 1_000),
        provenRevision: proven,
        provedAt: proven > 0 ? new Date() : null,
        proof,
        unproven,
        removed,
      };
      const primaryKey = { gatewayId, applicationId };
      const isNew = (await readRows(owner, applicationStates, primaryKey, ["revision"])).length === 0;
      if (isNew) await applicationStateRows.insert(owner, { ...primaryKey, organizationId, ...observed });
      else await updateRows(owner, applicationStates, primaryKey, observed);
    },
    /** Inserts an outbox row in addition to those that operations write. */
    change: async (
      organizationId: string,
      row: { applicationId?: string; denyGroup?: number; changeId?: string } = {},
    ) => (await changeRows.insert(owner, { organizationId, gatewayId, ...row })).changeId,
  };
}
