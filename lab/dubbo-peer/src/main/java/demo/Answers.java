package demo;

import java.util.Map;
import java.util.TreeMap;
import org.apache.dubbo.rpc.RpcContext;

/** Both services of the lab. Each answer names the instance it comes from. */
public class Answers implements GreetingService, StockService {
    private final String id;

    Answers(String id) {
        this.id = id;
    }

    @Override
    public String greet(String name) {
        return "hello " + name + " from " + id;
    }

    /** What came along with the call. */
    @Override
    public String whoami() {
        Map<String, Object> attachments = new TreeMap<>(RpcContext.getServerAttachment().getObjectAttachments());
        return id + " remote=" + RpcContext.getServiceContext().getRemoteAddressString() + " attachments=" + attachments;
    }

    @Override
    public User find(long number) {
        User user = new User();
        user.setId(number);
        user.setName("user-" + number + "@" + id);
        return user;
    }

    @Override
    public int level(String sku) {
        return sku.length();
    }
}
