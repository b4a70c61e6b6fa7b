import type { Settings } from "./settings/environment";

/**
 * Where people reach it, without a slash at its end: what the settings say, or what follows from where it listens.
 * @param port that it listens on
 */
export function publicUrl(settings: Pick<Settings, "publicUrl" | "host">, port: number): string {
  if (settings.publicUrl !== null) return settings.publicUrl;
  const { host } = settings;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
