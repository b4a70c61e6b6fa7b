import type { gateways } from "../../../drizzle/gateways";

export type Gateways = typeof gateways;
