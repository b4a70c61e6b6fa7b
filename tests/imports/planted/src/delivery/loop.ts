export const deliver = null;
