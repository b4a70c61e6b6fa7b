import { z } from "zod";
import { Alarm, ExposureReason, ExposureState } from "#src/platform/contract/sync-state";
import { AuditEntry } from "../audit-log/contract";
import { GatewayStatus } from "../sync/contract";

export const GetOverview = z.strictObject({}).prefault({});

const count = z.number().int();

export const Overview = z.object({
  /** The applications that the caller may read, by exposure. */
  applications: z.object({
    total: count,
    public: count,
    protected: count,
    closed: count,
    /** A visitor without a credential was let in where the gateway should refuse. */
    exposed: count,
    unknown: count,
  }),
  /**
   * Names of deleted applications that still let visitors in, the newest 5, and the number of all. Null if the caller
   * may not read every application of the organization.
   */
  exposedNames: z
    .object({
      total: count,
      items: z.array(z.object({ applicationId: z.string(), reason: ExposureReason, alarm: Alarm })),
    })
    .nullable(),
  /** The applications that need attention, worst first; at most 5. */
  needsAttention: z.array(
    z.object({
      applicationId: z.string(),
      projectId: z.string(),
      name: z.string(),
      state: ExposureState,
      reason: ExposureReason,
    }),
  ),
  /** Null if the caller may not read the state of delivery. */
  gateways: z
    .array(
      GatewayStatus.pick({
        gatewayId: true,
        name: true,
        led: true,
        revision: true,
        loadedRevision: true,
        cause: true,
        causeSince: true,
        pending: true,
        pendingSince: true,
      }),
    )
    .nullable(),
  /** The newest changes in the organization, 8 at most. Null if the caller may not read the audit log. */
  changes: z.array(AuditEntry).nullable(),
});
export type Overview = z.infer<typeof Overview>;
