import { suggest } from "./suggest";

export const hosts = { suggest };
