/** The metadata that marks everything that a bridge has published; its value is the mesh. */
export const ORIGIN = 'inmesh.origin';
