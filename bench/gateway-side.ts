import { join } from "node:path";
import { askGateway } from "../tests/support/ask-gateway";
import { hasTraefik, type RunningTraefik, startTraefik } from "../tests/support/traefik";
import { startUpstream, type Upstream } from "../tests/support/upstream";
import { type BenchControlPlane, startControlPlane } from "./control-plane";
import { type Installation, missing, newInstallation } from "./installation";
import { type SeededOrganization, seed, standingPassword } from "./seed";
import { enforced } from "./settled";

/** A control plane, the Traefik that it configures, and an upstream behind it. */
export interface GatewaySide {
  readonly installation: Installation;
  readonly server: BenchControlPlane;
  readonly traefik: RunningTraefik;
  readonly upstream: Upstream;
  readonly organization: SeededOrganization;
  /** Sends a request with the standing password and returns the status. */
  visit(host: string, username: string): Promise<number>;
}

/** Why a figure cannot be measured on this machine; null if it can. */
export function unavailable(): string | null {
  return missing("postgres") ?? (hasTraefik() ? null : "no traefik on PATH and no TRAEFIK_BIN");
}

/** Resolves when the gateway is proven to enforce every application. */
export async function startGatewaySide(applications: number): Promise<GatewaySide> {
  const installation = await newInstallation("postgres");
  const upstream = await startUpstream("upstream");
  const [organization] = await seed(installation, { organizations: 1, applications, upstream: upstream.url });
  if (organization === undefined) throw new Error("The seed contains no organization");
  const server = await startControlPlane(installation, { sync: true, observed: true });
  const traefik = await startTraefik({
    folder: join(installation.gatewayFolder, "dynamic"),
    config: {
      file: join(installation.gatewayFolder, "traefik.yml"),
      address: installation.address,
      probeAddress: installation.probeAddress,
    },
  });
  await enforced(installation);
  const visit = async (host: string, username: string) =>
    (await askGateway(installation.address, { host, user: `${username}:${standingPassword}` })).status;
  return { installation: installation, server, traefik, upstream, organization, visit };
}

export async function stopGatewaySide({ installation, server, traefik, upstream }: GatewaySide): Promise<void> {
  await server.stop();
  await traefik.stop();
  await upstream.close();
  await installation.remove();
}
