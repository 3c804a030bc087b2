export * from './seam';
