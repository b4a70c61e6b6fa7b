import { join } from "node:path";
import { askGateway } from "../tests/support/ask-gateway";
import { hasTraefik, type RunningTraefik, startTraefik } from "../tests/support/traefik";
import { startUpstream, type Upstream } from "../tests/support/upstream";
import { type BenchControlPlane, startControlPlane } from "./control-plane";
import { missing, newPlace, type Place } from "./place";
import { type SeededOrganization, seed, standingPassword } from "./seed";
import { enforced } from "./settled";

/** A control plane, the Traefik that it configures, and an upstream behind it. */
export interface GatewaySide {
  readonly place: Place;
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
  const place = await newPlace("postgres");
  const upstream = await startUpstream("upstream");
  const [organization] = await seed(place, { organizations: 1, applications, upstream: upstream.url });
  if (organization === undefined) throw new Error("The seed contains no organization");
  const server = await startControlPlane(place, { sync: true, observed: true });
  const traefik = await startTraefik({
    folder: join(place.gatewayFolder, "dynamic"),
    config: {
      file: join(place.gatewayFolder, "traefik.yml"),
      address: place.address,
      probeAddress: place.probeAddress,
    },
  });
  await enforced(place);
  const visit = async (host: string, username: string) =>
    (await askGateway(place.address, { host, user: `${username}:${standingPassword}` })).status;
  return { place, server, traefik, upstream, organization, visit };
}

export async function stopGatewaySide({ place, server, traefik, upstream }: GatewaySide): Promise<void> {
  await server.stop();
  await traefik.stop();
  await upstream.close();
  await place.remove();
}
