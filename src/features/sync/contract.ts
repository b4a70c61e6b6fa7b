import { z } from "zod";
import { IdInput, Moment } from "#src/platform/contract/fields";
import { DeliveryCause, ExposureReason, SyncState } from "#src/platform/contract/sync-state";

export const SyncStatusInput = z.strictObject({ gatewayId: IdInput.optional() }).prefault({});
export type SyncStatusInput = z.infer<typeof SyncStatusInput>;

/** A file in a gateway's folder that Portcullis did not write and that may affect its routes. */
const ForeignFile = z.object({ path: z.string(), problem: z.string(), detail: z.string() });

export const GatewayStatus = z.object({
  gatewayId: z.string(),
  name: z.string(),
  /**
   * The number of the last delivery, and of the last one that the gateway was seen to serve. Organizations other than
   * the root organization see the last delivery that carried something of their own.
   */
  revision: z.number().int(),
  loadedRevision: z.number().int(),
  loadedAt: Moment.nullable(),
  /** Whether a leader delivers to it now. */
  led: z.boolean(),
  /** Why delivery fails; null while it succeeds. */
  cause: DeliveryCause.nullable(),
  causeSince: Moment.nullable(),
  /** When its files were last compared with the desired state. */
  comparedAt: Moment.nullable(),
  /** Shown to the root organization only: they may name other tenants' hosts. */
  foreignFiles: z.array(ForeignFile).optional(),
  /** The number of changes of the caller's organization that are not delivered yet, and the time of the oldest. */
  pending: z.number().int(),
  pendingSince: Moment.nullable(),
  /** Applications of the caller's organization whose last delivery is not proven; 100 at most. */
  unproven: z.array(z.object({ applicationId: z.string(), reason: ExposureReason })),
});
export type GatewayStatus = z.infer<typeof GatewayStatus>;

export const SyncStatus = z.object({ gateways: z.array(GatewayStatus) });
export type SyncStatus = z.infer<typeof SyncStatus>;

/** What a request can wait for. */
const Awaited = z.enum(["applied", "loaded", "enforced"]);

export const WaitForSync = z
  .strictObject({
    applicationId: IdInput.optional(),
    changeId: IdInput.optional(),
    state: Awaited.default("enforced"),
    timeoutMs: z.number().int().min(0).max(60_000).default(10_000),
  })
  .refine((input) => (input.applicationId === undefined) !== (input.changeId === undefined), {
    error: "applicationId_or_changeId",
  });
export type WaitForSync = z.infer<typeof WaitForSync>;

/** Why a state was not reached. */
const NotReached = z.enum(["timeout", "no_route", "no_gateway"]);
export type NotReached = z.infer<typeof NotReached>;

export const ProveApplication = z.strictObject({ applicationId: IdInput });

/** The probes of an application were requested. Their responses follow. */
export const ProofRequest = z.object({ gatewayId: z.string(), requestedAt: Moment });

/** One probe of the gateway, and its response. */
export const Proof = z.object({
  request: z.string(),
  status: z.number().int().nullable(),
  /** Whether the tag of the first middleware was present, and that of the last one. */
  tag: z.boolean(),
  pass: z.boolean(),
  at: Moment,
});

export const SyncWaited = z.object({
  state: SyncState,
  reached: z.boolean(),
  /**
   * Why the state was not reached. `no_gateway`: the gateway is gone, or the organization may not use it.
   */
  reason: NotReached.optional(),
  /** A later delivery included this change; the proof belongs to that delivery. */
  supersededBy: z.number().int().optional(),
  gateways: z.array(
    z.object({
      gatewayId: z.string(),
      state: SyncState,
      revision: z.number().int().nullable(),
      at: Moment.nullable(),
      /** Why delivery to the gateway fails, or why the state is not proven. */
      cause: z.enum([...DeliveryCause.options, ...ExposureReason.options]).optional(),
      proof: z.array(Proof),
    }),
  ),
});
export type SyncWaited = z.infer<typeof SyncWaited>;
