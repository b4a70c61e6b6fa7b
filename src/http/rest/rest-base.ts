/** Where the REST API is. */
export const restBase = "/api/v1";

/** The path of the OpenAPI document. */
export const openApiPath = "/api/openapi.json";
