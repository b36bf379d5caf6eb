/**
 * A package of this folder's own install. The compiler is not told its name, so that checks pass where nothing of it is
 * installed; what it exports is therefore untyped.
 */
export const load = (name: string) => import(name)
