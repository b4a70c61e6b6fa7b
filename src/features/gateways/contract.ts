import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { GatewayCondition, Sync } from "#src/platform/contract/sync-state";

/** `host:port` or `[address]:port`: the address at which Traefik listens. */
const Address = z
  .string()
  .max(300)
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/, { error: "not_host_and_port" })
  .refine((text) => isPort(Number(text.slice(text.lastIndexOf(":") + 1))), { error: "not_a_port" });

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** Organizations that may publish on it. */
const OrganizationIds = z.array(IdInput).max(1_000);

export const CreateGateway = z.strictObject({
  name: Name,
  address: Address,
  probeAddress: Address,
  tags: z.boolean().default(true),
  organizationIds: OrganizationIds.optional(),
});
export type CreateGateway = z.infer<typeof CreateGateway>;

export const GatewayById = z.strictObject({ gatewayId: IdInput });

export const UpdateGateway = z
  .strictObject({
    gatewayId: IdInput,
    name: Name.optional(),
    organizationIds: OrganizationIds.optional(),
  })
  .refine((input) => input.name !== undefined || input.organizationIds !== undefined, { error: "nothing_to_change" });
export type UpdateGateway = z.infer<typeof UpdateGateway>;

export const ListGateways = z.strictObject(pageFields).prefault({});
export type ListGateways = z.infer<typeof ListGateways>;

export const Gateway = z.object({
  gatewayId: z.string(),
  name: z.string(),
  target: z.enum(["file"]),
  address: z.string(),
  probeAddress: z.string(),
  tags: z.boolean(),
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type Gateway = z.infer<typeof Gateway>;

export const ReportedCondition = z.enum([...GatewayCondition.options, "unknown"]);

/** How to start a gateway, and what it does with its folder. */
export const GatewayInstructions = z.object({
  gatewayId: z.string(),
  /**
   * The command that starts its Traefik, and the folder that Traefik reads. Null for members of other organizations
   * than the root organization, and if the folder is not on the machine of this process.
   */
  command: z.string().nullable(),
  folder: z.string().nullable(),
  /** `host:port` at which visitors reach it, and at which it says which delivery it serves. */
  address: z.string(),
  probeAddress: z.string(),
  /** `unknown`: no process observes it now, or the first observation is not complete. */
  condition: ReportedCondition,
  /** Since when; null if it is unknown. */
  since: Moment.nullable(),
});
export type GatewayInstructions = z.infer<typeof GatewayInstructions>;

export const GatewayPage = pageOf(Gateway);
