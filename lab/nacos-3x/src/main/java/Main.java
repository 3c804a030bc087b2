import com.alibaba.nacos.NacosServerBasicApplication;
import com.alibaba.nacos.NacosServerWebApplication;
import com.alibaba.nacos.core.listener.startup.NacosStartUp;
import com.alibaba.nacos.core.listener.startup.NacosStartUpManager;
import com.alibaba.nacos.sys.env.DeploymentType;
import com.alibaba.nacos.sys.env.EnvUtil;
import lab.jvm.Lab;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** Nacos 3.1 by itself, without a console, on the loopback. Prints NACOS-READY when it takes requests. */
public final class Main {
    public static void main(String[] args) throws Exception {
        Lab.endWithStdin();
        Lab.onlyLoopback();
        System.setProperty("nacos.standalone", "true");
        EnvUtil.setDeploymentType(DeploymentType.SERVER);
        NacosStartUpManager.start(NacosStartUp.CORE_START_UP_PHASE);
        var core = new SpringApplicationBuilder(NacosServerBasicApplication.class)
            .web(WebApplicationType.NONE).bannerMode(Banner.Mode.OFF).run(args);
        NacosStartUpManager.start(NacosStartUp.WEB_START_UP_PHASE);
        new SpringApplicationBuilder(NacosServerWebApplication.class)
            .parent(core).bannerMode(Banner.Mode.OFF).run(args);
        System.out.println("NACOS-READY");
    }
}
