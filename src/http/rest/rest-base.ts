/** Where the REST API is. */
export const restBase = "/api/v1";

/** Whether a request's target, with or without a query, belongs to the REST API, whether such a path exists or not. */
export function isRestTarget(target: string): boolean {
  return target === restBase || target.startsWith(`${restBase}/`) || target.startsWith(`${restBase}?`);
}
