import type { EnvFile } from "../src/main/settings/env-file";

export function loadEnvFile(path: string, parseEnvFile: (bytes: Uint8Array) => EnvFile): string | null;
