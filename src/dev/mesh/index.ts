export * from './node';
export * from './scope';
export * from './service';
export * from './world';
