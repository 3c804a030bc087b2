export { installLibraryHooks, type LibraryHook, registerBuiltinHook, registerLibraryHook } from './registry';
