import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { installation } from "#drizzle/installation";
import { applicationStates, deliveries } from "#drizzle/sync";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

export const installationRows = factoryOf(installation, () => ({
  installationId: newId("installation"),
  secretFingerprint: "f".repeat(64),
  createdAt: new Date(),
}));

/** A gateway that no process leads. */
export const gatewayRows = factoryOf(gateways, () => ({
  target: "file" as const,
  address: "127.0.0.1:8000",
  probeAddress: "127.0.0.1:8001",
  epoch: "e0",
  createdAt: new Date(),
}));

/** A change that waits for its delivery. */
export const changeRows = factoryOf(changes, () => ({
  changeId: newId("change"),
  closes: false,
  createdAt: new Date(),
}));

export const deliveryRows = factoryOf(deliveries, () => ({
  term: 1,
  epoch: "e0",
  digest: "d",
  createdAt: new Date(),
}));

/** The state of an application that was delivered as stated and never proven. */
export const applicationStateRows = factoryOf(applicationStates, () => ({
  revision: 1,
  tag: "t",
  intended: "protected" as const,
  form: "stated" as const,
  diagnostics: [],
  probes: [],
  deliveredAt: new Date(),
}));
