import com.alibaba.nacos.consistency.cp.RequestProcessor4CP;
import com.alibaba.nacos.core.code.ControllerMethodsCache;
import com.alibaba.nacos.core.distributed.raft.JRaftProtocol;
import com.alibaba.nacos.core.distributed.raft.JRaftServer;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Collection;
import lab.jvm.Lab;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.scheduling.annotation.EnableScheduling;

/**
 * The naming server of Nacos 2.2.4 by itself, on the loopback. Prints NACOS-READY when it takes requests.
 * The published jars are a third party's and lack parts, which are put back here.
 */
public final class Main {
    @SpringBootApplication(scanBasePackages = "com.alibaba.nacos")
    @ServletComponentScan("com.alibaba.nacos")
    @EnableScheduling
    static class App {
        /** The console module would do this; without it each HTTP request of v1 is answered 501. */
        App(ControllerMethodsCache methods) {
            methods.initClassMethod("com.alibaba.nacos.core.controller");
            methods.initClassMethod("com.alibaba.nacos.naming.controllers");
        }
    }

    public static void main(String[] args) throws Exception {
        Lab.endWithStdin();
        Lab.onlyLoopback();
        System.setProperty("nacos.standalone", "true");
        var context = new SpringApplicationBuilder(App.class).bannerMode(Banner.Mode.OFF).run(args);
        createRaftGroups(
            context.getBean(JRaftProtocol.class), context.getBeansOfType(RequestProcessor4CP.class).values());
        System.out.println("NACOS-READY");
    }

    /** The jar's addRequestProcessors is empty: without its groups no metadata and no persistent instance can be written. */
    private static void createRaftGroups(JRaftProtocol protocol, Collection<RequestProcessor4CP> processors)
            throws ReflectiveOperationException {
        Field server = JRaftProtocol.class.getDeclaredField("raftServer");
        server.setAccessible(true);
        Method create = JRaftServer.class.getDeclaredMethod("createMultiRaftGroup", Collection.class);
        create.setAccessible(true);
        create.invoke(server.get(protocol), processors);
    }
}
