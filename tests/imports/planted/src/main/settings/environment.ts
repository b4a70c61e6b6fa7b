export const settings = null;
