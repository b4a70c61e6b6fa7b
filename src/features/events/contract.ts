import { z } from "zod";
import {
  DeliveryCause,
  ExposureReason,
  ExposureState,
  GatewayCondition,
  SyncState,
} from "#src/platform/contract/sync-state";

/** An application was created, changed or deleted, or its exposure or its delivery has another state. */
export const ApplicationEvent = z.object({
  applicationId: z.string(),
  /** The state of its exposure; null if it was deleted. */
  state: ExposureState.nullable(),
  reason: ExposureReason.nullable(),
  sync: SyncState.nullable(),
});
export type ApplicationEvent = z.infer<typeof ApplicationEvent>;

/** The deliveries to a gateway, or what it does with its folder, have another state. */
export const GatewayEvent = z.object({
  gatewayId: z.string(),
  cause: DeliveryCause.nullable(),
  condition: GatewayCondition.nullable(),
});
export type GatewayEvent = z.infer<typeof GatewayEvent>;

/** The audit log has a new entry. */
export const AuditEvent = z.object({ auditId: z.string(), action: z.string() });
export type AuditEvent = z.infer<typeof AuditEvent>;

/** A word of the database. A word that this version does not know counts as not known. */
export const StoredExposureState = ExposureState.catch("unknown");
export const StoredExposureReason = ExposureReason.catch("unrecognized");
export const StoredCondition = GatewayCondition.nullable().catch(null);
