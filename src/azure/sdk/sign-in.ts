/** A bundle of its own: the package that signs in is as large as all others together. Reading and evaluating it are two turns. */
export const loadCredential = () => import('./credential.ts');
