/** Every table, as the one module that drizzle and drizzle-kit need. */
export * from "./api-keys";
export * from "./applications";
export * from "./audit";
export * from "./changes";
export * from "./gateways";
export * from "./installation";
export * from "./members";
export * from "./organizations";
export * from "./persons";
export * from "./projects";
export * from "./roles";
export * from "./routes";
export * from "./security";
export * from "./sync";
