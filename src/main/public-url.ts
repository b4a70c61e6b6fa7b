import type { Settings } from "./settings/environment";

/**
 * Returns the public address without a trailing slash: from the settings, or derived from the address and port of the
 * server.
 * @param port the port on which the server listens
 */
export function publicUrl(settings: Pick<Settings, "publicUrl" | "host">, port: number): string {
  if (settings.publicUrl !== null) return settings.publicUrl;
  const { host } = settings;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
