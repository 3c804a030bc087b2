package demo;

import javassist.ClassPool;
import javassist.CtClass;

/** Lets Dubbo bind and register an address of the loopback. */
final class Loopback {
    private Loopback() {}

    /**
     * Dubbo takes no address that begins with 127, wherever it is set, and binds to all instead. One method says so:
     * its class is defined with a milder one, before anything of Dubbo loads it.
     */
    static void allow(String host) throws Exception {
        CtClass utilities = ClassPool.getDefault().get("org.apache.dubbo.common.utils.NetUtils");
        utilities.getDeclaredMethod("isInvalidLocalHost").setBody(
            "return $1 == null || $1.isEmpty() || $1.equalsIgnoreCase(\"localhost\") || $1.equals(\"0.0.0.0\");");
        utilities.toClass(Class.forName("org.apache.dubbo.common.utils.Assert"));
        // The metadata service chooses its address by this alone.
        System.setProperty("DUBBO_IP_TO_BIND", host);
    }
}
