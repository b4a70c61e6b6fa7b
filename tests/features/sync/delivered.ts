import { newId } from "../../../src/platform/ids";
import type { World } from "../../support/world";

export interface ProbeResult {
  readonly request: string;
  readonly status: number | null;
  readonly tag: boolean;
  readonly pass: boolean;
  readonly at: string;
}

/** Writes, as the owner of the database, what a reconciler would write for one gateway. */
export function deliveredBy(world: World, gatewayId: string) {
  const run = world.db.asOwner;
  return {
    /** Marks these rows, or all pending rows, as delivered in this revision. */
    deliver: (revision: number, changeId?: string) =>
      run(
        `update changes set delivered_in = $2, delivered_at = now()
         where gateway_id = $1 and delivered_in is null and ($3::text is null or change_id = $3)`,
        [gatewayId, revision, changeId ?? null],
      ),
    load: (revision: number) =>
      run(`update gateways set loaded_revision = $2, loaded_at = now() where gateway_id = $1`, [gatewayId, revision]),
    fail: (cause: string | null) => run(`update gateways set cause = $2 where gateway_id = $1`, [gatewayId, cause]),
    /** Sets the state of the application in this revision. */
    state: (
      organizationId: string,
      applicationId: string,
      revision: number,
      options: {
        proven?: number;
        proof?: readonly ProbeResult[];
        unproven?: string;
        routed?: boolean;
        removed?: boolean;
      } = {},
    ) =>
      run(
        `insert into application_states (gateway_id, application_id, organization_id, revision, digest, tag, intended, form,
           diagnostics, probes, delivered_at, proven_revision, proved_at, proof, unproven, removed)
         values ($1, $2, $3, $4, $5, 'tag', 'protected', 'stated', '[]', '[]', now() - interval '1 second', $6,
           case when $6 > 0 then now() end, $7::text::jsonb, $8, $9)
         on conflict (gateway_id, application_id) do update set revision = excluded.revision, digest = excluded.digest,
           proven_revision = excluded.proven_revision, proved_at = excluded.proved_at, proof = excluded.proof,
           unproven = excluded.unproven, removed = excluded.removed, delivered_at = excluded.delivered_at`,
        [
          gatewayId,
          applicationId,
          organizationId,
          revision,
          (options.routed ?? true) ? "digest" : null,
          options.proven ?? 0,
          options.proof ? JSON.stringify(options.proof) : null,
          options.unproven ?? null,
          options.removed ?? false,
        ],
      ),
    /** Inserts an outbox row in addition to those that operations write. */
    change: async (
      organizationId: string,
      row: { applicationId?: string; denyGroup?: number; changeId?: string } = {},
    ) => {
      const changeId = row.changeId ?? newId("change");
      await run(
        `insert into changes (change_id, organization_id, application_id, deny_group, gateway_id, closes, created_at)
         values ($1, $2, $3, $4, $5, false, now())`,
        [changeId, organizationId, row.applicationId ?? null, row.denyGroup ?? null, gatewayId],
      );
      return changeId;
    },
  };
}
