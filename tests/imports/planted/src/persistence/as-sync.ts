export const asSync = null;
