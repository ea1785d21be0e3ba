import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;

/** Goes to each URL that comes in, with what Java trusts by default, and says how it went. */
public class TrustClient {
    public static void main(String[] args) throws IOException {
        BufferedReader urls = new BufferedReader(new InputStreamReader(System.in));

        for (String url = urls.readLine(); url != null; url = urls.readLine()) {
            System.out.println(visit(url));
        }
    }

    private static String visit(String url) throws IOException {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(url).openConnection();

        connection.setConnectTimeout(20_000);
        connection.setReadTimeout(20_000);
        try (BufferedReader page =
                new BufferedReader(new InputStreamReader(connection.getInputStream()))) {
            return page.readLine();
        } catch (SSLException refusal) {
            return "refused: " + refusal.getMessage().replace('\n', ' ');
        }
    }
}
