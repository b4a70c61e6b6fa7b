export function patchIsApplied(installation?: string): boolean;
export const PATCH_IS_MISSING: string;
