package lab.jvm;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;

/** What every JVM of the lab does first. Copied into each project before it is built. */
public final class Lab {
    private Lab() {}

    /** Ends the process when standard input closes, so that a test run that dies leaves no server behind. */
    public static void endWithStdin() {
        Thread reader = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (IOException closed) {
                // A broken pipe says the same as its end.
            }
            Runtime.getRuntime().halt(0);
        }, "end-with-stdin");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * From here on an address without a host is 127.0.0.1, for servers that know no setting for where they listen.
     * Needs {@code --add-opens java.base/java.net=ALL-UNNAMED}, in the manifest or on the command line.
     */
    public static void onlyLoopback() throws ReflectiveOperationException, IOException {
        Field implementation = InetAddress.class.getDeclaredField("impl");
        implementation.setAccessible(true);
        Object addresses = implementation.get(null);
        Field any = addresses.getClass().getDeclaredField("anyLocalAddress");
        any.setAccessible(true);
        any.set(addresses, InetAddress.getByAddress("localhost", new byte[] {127, 0, 0, 1}));
    }
}
